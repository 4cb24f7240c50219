# The options of the module as a table in Markdown. A function of the droplet's `options.services`.
services:
let
  entries = collect services."rec";
  collect =
    set:
    builtins.concatMap (
      name:
      let
        value = set.${name};
      in
      if (value._type or "") == "option" then
        inside value
      else if builtins.isAttrs value then
        collect value
      else
        [ ]
    ) (builtins.filter (name: name != "_module") (builtins.attrNames set));
  # A group of options, or one.
  inside =
    option:
    let
      inner = option.type.getSubOptions option.loc;
    in
    if option.internal or false then
      [ ]
    else
      [ option ] ++ (if inner == { } then [ ] else collect inner);

  cell = text: trim (builtins.replaceStrings [ "\n" "|" ] [ " " "\\|" ] text);
  trim = text: builtins.head (builtins.match " *(.*[^ ]) *" text);
  default =
    option:
    if !(option ? default) then
      "-"
    else if (option.defaultText or null) != null then
      "`${cell (option.defaultText.text or option.defaultText)}`"
    else if
      builtins.elem (builtins.typeOf option.default) [
        "set"
        "lambda"
      ]
    then
      "-"
    else
      "`${builtins.toJSON option.default}`";
  row =
    option:
    "| `${builtins.concatStringsSep "." (builtins.tail (builtins.tail option.loc))}` | ${cell option.type.description} | ${default option} | ${
      cell (option.description or "-")
    } |";
in
''
  | option | type | default | meaning |
  | --- | --- | --- | --- |
  ${builtins.concatStringsSep "\n" (map row entries)}
''
