/** The description of our endpoint: document/literal wrapped, SOAP 1.1 and 1.2, shaped as ASP.NET shapes its own. */
import { escapeAttribute, XML_DECLARATION } from '../wire/xml-text';

export interface WsdlService {
  readonly name: string;
  readonly namespace: string;
  readonly operations: readonly { readonly name: string; readonly parameters: readonly string[] }[];
  /** Where the service is reached, as the reader of the WSDL sees it. */
  readonly address: string;
}

export function buildWsdl(service: WsdlService): string {
  const name = escapeAttribute(service.name);
  const namespace = escapeAttribute(service.namespace);
  const operations = service.operations.map(({ name: operation }) => escapeAttribute(operation));
  return `${XML_DECLARATION}
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:tns="${namespace}" targetNamespace="${namespace}">
  <wsdl:types>
    <s:schema elementFormDefault="qualified" targetNamespace="${namespace}">${service.operations
      .map(({ name: operation, parameters }) => schemaElements(operation, parameters))
      .join('')}
    </s:schema>
  </wsdl:types>${operations.map(messages).join('')}
  <wsdl:portType name="${name}Soap">${operations.map(portOperation).join('')}
  </wsdl:portType>
${binding('soap', `${name}Soap`, `${name}Soap`, namespace, operations)}
${binding('soap12', `${name}Soap12`, `${name}Soap`, namespace, operations)}
  <wsdl:service name="${name}">
    <wsdl:port name="${name}Soap" binding="tns:${name}Soap">
      <soap:address location="${escapeAttribute(service.address)}" />
    </wsdl:port>
    <wsdl:port name="${name}Soap12" binding="tns:${name}Soap12">
      <soap12:address location="${escapeAttribute(service.address)}" />
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`;
}

const schemaElements = (operation: string, parameters: readonly string[]): string =>
  schemaElement(operation, parameters) + schemaElement(`${operation}Response`, [`${operation}Result`]);

const schemaElement = (name: string, children: readonly string[]): string => `
      <s:element name="${escapeAttribute(name)}">
        <s:complexType>
          <s:sequence>${children
            .map(
              child =>
                `\n            <s:element minOccurs="0" maxOccurs="1" name="${escapeAttribute(child)}" type="s:string" />`,
            )
            .join('')}
          </s:sequence>
        </s:complexType>
      </s:element>`;

const messages = (operation: string): string => `
  <wsdl:message name="${operation}SoapIn">
    <wsdl:part name="parameters" element="tns:${operation}" />
  </wsdl:message>
  <wsdl:message name="${operation}SoapOut">
    <wsdl:part name="parameters" element="tns:${operation}Response" />
  </wsdl:message>`;

const portOperation = (operation: string): string => `
    <wsdl:operation name="${operation}">
      <wsdl:input message="tns:${operation}SoapIn" />
      <wsdl:output message="tns:${operation}SoapOut" />
    </wsdl:operation>`;

function binding(
  prefix: 'soap' | 'soap12',
  name: string,
  portType: string,
  namespace: string,
  operations: readonly string[],
): string {
  const bound = operations.map(
    operation => `
    <wsdl:operation name="${operation}">
      <${prefix}:operation soapAction="${namespace}${operation}" style="document" />
      <wsdl:input>
        <${prefix}:body use="literal" />
      </wsdl:input>
      <wsdl:output>
        <${prefix}:body use="literal" />
      </wsdl:output>
    </wsdl:operation>`,
  );
  return `  <wsdl:binding name="${name}" type="tns:${portType}">
    <${prefix}:binding transport="http://schemas.xmlsoap.org/soap/http" />${bound.join('')}
  </wsdl:binding>`;
}
