"""XLSForm: the form language. Sheets in, a frozen model and an XForm out, and back to sheets without loss."""
