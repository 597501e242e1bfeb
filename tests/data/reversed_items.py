"""A pytest plugin that runs the tests in the reverse of their order, as pytest-randomly may. Silly on purpose."""


def pytest_collection_modifyitems(items):
    items.reverse()
