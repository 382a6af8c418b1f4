"""Forms for the residents' page: XForms made into what Enketo Core shows, and the sources of that page."""
