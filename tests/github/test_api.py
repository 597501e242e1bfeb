"""Requests to GitHub, on a real server: what is repeated, what is not, and what a refusal says."""

from __future__ import annotations

import pytest

from perf.errors import GitHubFailed
from perf.github.access import Access
from perf.github.api import ACTIONS, Api
from tests.builders.github import HERE, REPOSITORY, TOKEN, GitHub

RESET = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1793498400"}


def test_a_workflow_acts_for_the_bot_and_a_person_for_themself(github: GitHub, repository: Api) -> None:
    assert repository.login() == ACTIONS
    github.user = "someone"
    assert repository.login() == "someone"


def test_a_list_of_several_pages_is_whole(github: GitHub, repository: Api) -> None:
    github.page = 2
    github.comments[1] = [{"id": number} for number in range(5)]
    assert [each["id"] for each in repository.every("issues/1/comments")] == [0, 1, 2, 3, 4]
    assert len(github.asked) == 3


def test_the_token_goes_to_no_other_server(github: GitHub, repository: Api) -> None:
    github.answers = [(200, {"Link": '<https://elsewhere.example/next>; rel="next"'})]
    with pytest.raises(GitHubFailed, match=r"is on another server: https://elsewhere\.example/next"):
        list(repository.every("issues/1/comments"))


def test_a_list_without_end_is_given_up(repository: Api, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf.github.api.MAX_PAGES", 2)
    github.page = 1
    github.comments[1] = [{"id": number} for number in range(5)]
    with pytest.raises(GitHubFailed, match="has more than 200 entries"):
        list(repository.every("issues/1/comments"))


def test_what_changes_nothing_is_asked_again(github: GitHub, repository: Api) -> None:
    github.answers = [(502, {}), (503, {})]
    assert list(repository.every("issues/1/comments")) == []
    assert len(github.asked) == 3


def test_what_may_have_been_done_is_not_done_again(github: GitHub, repository: Api) -> None:
    github.answers = [(502, {})]
    with pytest.raises(GitHubFailed, match=r"POST http.*/issues: 502: GitHub is in trouble: as it was told to"):
        repository.post("issues", {"title": "", "body": ""})
    assert github.asked == [f"POST {HERE}/issues"]


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {}, "401: GITHUB_TOKEN is no valid token: as it was told to"),
        (403, {}, "403: the token may not do this; see `permissions` of the job"),
        (404, {}, "404: no such repository, or the token may not see it"),
        (422, {}, "422: as it was told to"),
        (500, {}, "500: GitHub is in trouble"),
        (403, RESET, "too many requests; again at 02:00 UTC"),
        (403, {"retry-after": "3600"}, "too many requests; again in 3600 s"),
        (429, {}, "too many requests; again in some minutes"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    github: GitHub, repository: Api, status: int, headers: dict[str, str], said: str
) -> None:
    github.answers = [(status, headers)] * 3
    with pytest.raises(GitHubFailed) as raised:
        list(repository.every("issues/1/comments"))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert len(github.asked) == (3 if status == 500 else 1)


def test_too_many_requests_are_not_taken_for_a_workflows_token(github: GitHub, repository: Api) -> None:
    github.answers = [(403, RESET)]
    with pytest.raises(GitHubFailed, match="too many requests"):
        repository.login()


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf.github.api.PAUSE_S", 0.01)
    with (
        Api(Access("http://127.0.0.1:1", REPOSITORY, TOKEN)) as repository,
        pytest.raises(GitHubFailed, match="no answer, MaxRetryError"),
    ):
        repository.get("issues")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GITHUB_TOKEN", "", "not set: GITHUB_TOKEN"),
        ("GITHUB_API_URL", "", "not set: GITHUB_API_URL"),
        ("GITHUB_REPOSITORY", "", "not set: GITHUB_REPOSITORY"),
        ("GITHUB_REPOSITORY", "cheese", "a repository is given as OWNER/NAME"),
        ("GITHUB_API_URL", "http://api.github.example", "must begin with https://, since a token is sent there"),
        ("GITHUB_API_URL", "cheese", "must begin with https://"),
        ("GITHUB_TOKEN", "a\nb", "holds characters that no token has"),
    ],
)
def test_an_environment_that_lacks_something(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(GitHubFailed) as raised:
        Access.of_environment()
    assert said in str(raised.value)


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(Access("https://api.github.com", REPOSITORY, TOKEN))
