/** Turns the `property` field into a choice of where the content stands in the message. */
export function preparePropertyInput(): void {
  $('#node-input-property').typedInput({
    default: 'msg',
    types: ['msg', 'jsonata'],
    typeField: '#node-input-propertyType',
  });
}
