// What our TypeScript workers decode and check with, for the messages of any registry.

export async function loadContract(modules) {
  const { expectRequest, parseRequest } = await import(`${modules}/temporal/contract.js`);
  const { contractConverter } = await import(`${modules}/temporal/contract-converter.js`);

  return {
    converters: (registry) => ({
      json: contractConverter(registry, 'json'),
      binary: contractConverter(registry, 'binary'),
    }),
    // Generated code checks the rules as well, which here is another operation.
    requireMessage: expectRequest,
    violations(schema, message) {
      try {
        parseRequest(schema, message);
        return [];
      } catch (error) {
        if (error.type !== 'InvalidArgument') {
          throw error;
        }
        return error.details[0].violations.map(({ field, ruleId, message }) => ({
          field: (field?.elements ?? []).map(element).join('').replace(/^\./, ''),
          rule: ruleId,
          message,
        }));
      }
    },
  };
}

function element({ fieldName, subscript: { case: kind, value } }) {
  switch (kind) {
    case undefined:
      return `.${fieldName}`;
    case 'stringKey':
      return `.${fieldName}[${JSON.stringify(value)}]`;
    default:
      return `.${fieldName}[${value}]`;
  }
}
