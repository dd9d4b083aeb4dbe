"""What people see: the server, the page frame, the pieces a page is put together from.

It shows values other packages computed; it computes nothing about a case itself.
"""
