"""Calls a SOAP service by its WSDL through python-zeep, once for each JSON line on standard input.

in:  {"wsdl": url, "port": name, "operation": name, "parameters": {name: text}}
out: {"result": text} or {"fault": text, "code": text} or {"error": text}
"""
import json
import sys

from zeep import Client
from zeep.exceptions import Fault

clients = {}
for line in sys.stdin:
    call = json.loads(line)
    key = (call["wsdl"], call["port"])
    try:
        if key not in clients:
            clients[key] = Client(call["wsdl"], port_name=call["port"])
        answer = {"result": clients[key].service[call["operation"]](**call["parameters"])}
    except Fault as fault:
        answer = {"fault": fault.message, "code": str(fault.code)}
    except Exception as error:  # the test reads the reason
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
