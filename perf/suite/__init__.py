"""What ``tox -e perf`` collects."""
