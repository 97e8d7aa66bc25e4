namespace Automation.Expressions.JavaScript.Compilation;

/// <summary>The globals of the language that are deliberately left out.</summary>
internal static class LeftOut
{
    private static readonly HashSet<string> Globals =
    [
        "eval", "Proxy", "Reflect", "Atomics", "SharedArrayBuffer", "ArrayBuffer", "DataView", "WeakRef", "FinalizationRegistry", "Temporal", "ShadowRealm",
        "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
        "Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
    ];

    /// <summary>Members of <c>Intl</c> that other engines have and this one has not.</summary>
    public static readonly IReadOnlyList<string> IntlMembers =
        ["Collator", "DisplayNames", "DurationFormat", "ListFormat", "Locale", "PluralRules", "RelativeTimeFormat", "Segmenter", "getCanonicalLocales", "supportedValuesOf"];

    public static bool IsGlobal(string name) => Globals.Contains(name);

    /// <summary>Whether a member of a global object is left out.</summary>
    public static bool IsMember(string owner, string name) => owner switch
    {
        "Intl" => IntlMembers.Contains(name),
        "globalThis" => Globals.Contains(name),
        "Array" => name == "fromAsync",
        _ => false,
    };
}
