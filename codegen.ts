import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: 'schema/operations/*.graphql',
  generates: {
    'tests/generated/operations.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        enumType: 'string-literal',
        useTypeImports: true,
        scalars: {
          DateTime: 'string',
          Date: 'string',
          YearMonth: 'string',
          Decimal: 'string',
          Duration: 'string',
          Cursor: 'string',
        },
        defaultScalarType: 'unknown',
      },
    },
  },
};

export default config;
