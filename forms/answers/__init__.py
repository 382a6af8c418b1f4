"""Answers on the government's side: opened, judged by their form's own logic, filed once, and their senders told."""
