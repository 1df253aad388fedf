#!/usr/bin/env python3
"""Prints an inventory of N hosts, each with ten services, three resources and ping: bench/inventory.py N."""

import sys

SERVICES = '"ftp", "ssh", "smtp", "dns", "http", "pop", "imap", "https", "mysql", "postgresql"'


def host(number):
    plan = ("core2duo", "corei5-xeon")[number % 2]
    panel = ("none", "plesk", "webmin")[number % 3]
    return f"""[[host]]
name = "web{number}.example.com"
address = "10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
plan = "{plan}"
os = "centos"
panel = "{panel}"
services = [{SERVICES}]

[host.service.dns]
lookup = "www{number}.example.com"

"""


def main():
    count = int(sys.argv[1])
    sys.stdout.write('[[contact]]\nname = "oncall"\nemail = "oncall@example.com"\n\n')
    sys.stdout.writelines(host(number) for number in range(1, count + 1))


if __name__ == "__main__":
    main()
