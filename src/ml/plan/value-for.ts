/** A plausible value by the name of its key. */
export function valueFor(key: string): unknown {
  if (/^(text|sentence|prompt|message|query|question|input_text|review|title|name|url)s?$/i.test(key))
    return /s$/i.test(key) ? ['hello'] : 'hello';
  return /^(features|inputs?|instances|data|values|x)$/i.test(key) ? [[1, 2, 3, 4]] : 1;
}
