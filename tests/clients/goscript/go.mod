module milena/clients/goscript

go 1.19
