/** Tests run the sources as they are: ES modules, `.ts` specifiers, no build step. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // The compatibility suite has packages of its own, and a runner of its own.
  modulePathIgnorePatterns: ['<rootDir>/test/compat/'],
  testTimeout: 60_000,
  maxWorkers: 2,
}
