// The peer "npm soap in a node": soap.listen on Node-RED's HTTP server, fast-xml-parser for the inner documents, in
// the way that its documentation shows. Only for the benchmark.
const { XMLBuilder, XMLParser } = require('fast-xml-parser');
const soap = require('soap');

const parser = new XMLParser({ parseTagValue: false });
const builder = new XMLBuilder({});

module.exports = function register(RED) {
  function SoapListen(config) {
    RED.nodes.createNode(this, config);
    const rows = RED.settings.functionGlobalContext.rows;
    const AppointmentDealInterface = ({ msgHeader, msgBody }) => {
      const { root } = parser.parse(msgHeader);
      const request = parser.parse(msgBody).root;
      if (root.certificate !== 'PLACEHOLDER-CERTIFICATE' || !request.patientNo) throw new Error('refused');
      const answer = { root: { returnContent: { success: 'Yes', error: '', items: { item: rows } } } };
      const xml = `<?xml version="1.0" encoding="utf-8"?>${builder.build(answer)}`;
      return { AppointmentDealInterfaceResult: xml };
    };
    const service = { Booking: { BookingSoap: { AppointmentDealInterface } } };
    soap.listen(RED.httpNode, {
      path: config.path,
      services: service,
      xml: RED.settings.functionGlobalContext.wsdl,
    });
  }
  RED.nodes.registerType('bench-soap-listen', SoapListen);
};
