"""Plots as SVG text, made here and drawn by any browser without scripts.

`scale` turns values into places and picks ticks, `svg` writes elements, `frame` draws axes; one file
per plot. Colours are classes of the report's style sheet, so that one drawing serves light, dark and paper.
"""
