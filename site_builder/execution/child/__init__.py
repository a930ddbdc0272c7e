"""The side of execution that lives in the site's own Python: standard library only.

    main        how a process becomes a zygote, or runs one post
    zygote      imports once what posts import, forks one process per post
    supervisor  keeps a post within its limits, leaves nothing running
    copies      what a post and its supervisor both see
    runner      runs the cells of one post
    observe     watches it: observations, paths, environment, seek, modules, impure, watched
    trace       makes of that what has to be the same for the post to put out the same
    streams, display, figures, program, sources, tracebacks, seeds, magics, kernel   its parts

The other side talks to it in lines of JSON, and loads from it only what that takes: protocol, and
the names of variables in environment.
"""
