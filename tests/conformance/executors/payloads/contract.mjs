// What our TypeScript workers decode and check with, for the messages of any registry.
import { fromBinary, isMessage } from '@bufbuild/protobuf';

export async function loadContract(modules) {
  const { invalidArgument, parseRequest } = await import(`${modules}/temporal/contract.js`);
  // By its place, and not by its name, under which a copy of this tree would find the original's.
  const { createPayloadConverter } = await import(`${modules}/../payload-converter/dist/index.js`);

  function converter(registry, encoding) {
    const inner = createPayloadConverter({ registry, encoding });
    return {
      toPayload: (value) => inner.toPayload(value),
      // As contract-payload-converter.ts, which knows our contract's messages alone.
      fromPayload(payload) {
        try {
          return inner.fromPayload(payload);
        } catch (error) {
          throw invalidArgument(error.message);
        }
      },
    };
  }

  return {
    converters: (registry) => ({ json: converter(registry, 'json'), binary: converter(registry, 'binary') }),
    // Generated code checks the rules as well, which here is another operation.
    requireMessage: (schema, value) => (isMessage(value, schema) ? value : parseRequest(schema, value)),
    violations(schema, data) {
      try {
        parseRequest(schema, fromBinary(schema, data));
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
