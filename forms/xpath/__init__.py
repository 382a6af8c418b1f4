"""XPath 1.0 with the functions of ODK XForms: parsed once, evaluated over a submission, pure but for a clock that is given."""
