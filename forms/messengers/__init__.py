"""Messages to residents: who is asked, and who has not answered yet; by SMS, by e-mail, or kept on a spool."""
