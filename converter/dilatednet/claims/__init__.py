"""The paper's claims at a laptop's size: drawn scenes, a small front end, context modules from several starts.

`scenes` draws the data, `experiment` trains and measures, `figure` makes the table and the picture.
"""
