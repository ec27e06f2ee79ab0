import type { Text } from '../../../lib/errors';

/** The text in the language of the editor: Chinese for any Chinese, English otherwise. */
export const inLanguage = (text: Text): string => (RED.i18n.lang().startsWith('zh') ? text.zh : text.en);
