/** Names of the commands, as in package.json. */
export const COMMANDS = {
  showAttention: 'headlight.showAttention',
  showSharing: 'headlight.showSharing',
  showReport: 'headlight.showReport',
  restartEngine: 'headlight.restartEngine',
  showLog: 'headlight.showLog',
} as const;
