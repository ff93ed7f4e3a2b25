// How this client names itself in ApiVersions.

export const SOFTWARE_NAME = 'ottla'
export const SOFTWARE_VERSION = '0.1.0'
