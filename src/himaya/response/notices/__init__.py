"""Notices: what an authority and what each person is told, drafted from facts, released by a person, then sent.

`facts` is what goes in, `texts` the words of a language, `contents` the items of an authority's list; `authority` and
`people` make documents of them; `drafts` are the acts of a case that remember them; `recipients` are the people.
"""
