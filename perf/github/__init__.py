"""What GitHub is told: an issue for every regression, and a comment for pull requests that change pins.

All texts come from files that a measuring machine has written. They are foreign here: shown, and never obeyed.

::

    access         where GitHub is, and the token, from the environment
    api            GitHub's REST API: requests, their repetition, pages, refusals in words
    markdown       foreign text made harmless in Markdown
    regressions    what the latest night says of each row, and since when
    issue_text     the title and the body of a regression's issue
    issues         issues opened, kept up to date, and closed
    pins           the lock files of a pull request, read as data
    pull_requests  the pull requests whose pins are to be measured
    comment_text   what a pull request is told
    comments       the one comment on a pull request
"""
