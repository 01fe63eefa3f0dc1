"""Tables in and out, row by row: CSV and XLSX, whatever their length in flat memory."""
