"""The commands that are not pytest's.

::

    upgrade   ``python -m perf upgrade``
"""
