/* Chinese type: the machine's own where it has one; ours, cut into small files by range of characters, only where it has none. */

const LOCAL = [
  'Noto Sans CJK SC', 'NotoSansCJKsc-Regular', 'Noto Sans SC', 'NotoSansSC-Regular', 'Source Han Sans SC', 'SourceHanSansSC-Regular',
  'PingFang SC', 'PingFangSC-Regular', 'Microsoft YaHei', 'MicrosoftYaHei', 'HarmonyOS Sans SC', 'MiSans', 'WenQuanYi Micro Hei',
];
const SHEET = new URL('../vendor/fonts/noto-sans-sc/index.css', import.meta.url);

/**
 * Bring in our Chinese type when the machine has none of these.
 * @param {string[]} names full or PostScript names
 * @returns {Promise<boolean>} whether it was needed
 */
export async function bringType(names = LOCAL) {
  if (await hasAny(names)) return false;
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = SHEET;
  document.head.append(link);
  return true;
}

async function hasAny(names) {
  const probe = new FontFace('Needle Probe', names.map((name) => `local("${name}")`).join(', '));
  return probe.load().then(() => true, () => false);
}
