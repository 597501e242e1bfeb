"""The page: nights, the ladder, each row's history and the fleet, in one HTML file that needs nothing else.

It opens from disk and under a Content-Security-Policy that forbids scripts and styles: all that it says is in plain
HTML and in SVG with presentation attributes. The style makes it pleasant, and the script sorts and filters tables.

::

    source        what is known of each machine, from recorded runs and a history
    row_view      what the page shows of a row
    view          what it shows in all
    make_view     makes it
    upgrade_views what it shows of checked upgrades
    row_details   what it shows of one row: kernels, claims, rounds, history
    trends        what the nights tell of each row
    album         the pictures of all rows, each once
    marks         what happened to a series: packages, anchors, change points
    thinning      a long series in a few hundred points
    scale         from values to places in a picture, and ticks
    svg           elements, paths and colours
    frame         the frame of a plot, its grid and labels
    cell_plots    the small pictures in tables' cells
    series_plots  a row over time
    rounds_plot   the rounds of a row
    roofline_plot the rows below the machine's limits
    render        the page's text
    writing       the page as a file
"""
