"""The demo city: a Chinese city district that exists nowhere, generated from a seed, and the two months it has lived through.

Everything is drawn on one bent lattice (``ground``): cells, communities, subdistricts, streets and house plots are made of the
same lattice nodes, so that areas cover the ground without gap or overlap and shared vertices are the same bits.
"""
