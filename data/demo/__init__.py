"""The demo city: a Chinese city district that exists nowhere, generated from a seed, and two months of its life.

Everything is drawn on one bent lattice (``lattice``): cells, communities, subdistricts, streets and house plots are
made of the same nodes, so that areas cover the ground without gap or overlap and shared vertices are the same bits.
"""
