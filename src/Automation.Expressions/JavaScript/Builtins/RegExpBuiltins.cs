using System.Text;
using System.Text.RegularExpressions;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>A regular expression.</summary>
internal sealed class JsRegExp : JsObject
{
    public JsRegExp(JsObject? prototype)
        : base(prototype)
    {
        AddNew("lastIndex", 0, PropertyFlags.Writable);
    }

    public string Source { get; set; } = "";

    public string Flags { get; set; } = "";

    public override string ClassName => "RegExp";

    public override string ToString() => $"/{RegExpBuiltins.EscapedSource(Source)}/{Flags}";
}

/// <summary>RegExp and RegExp.prototype.</summary>
internal static partial class RegExpBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.RegExp)
        .Method("exec", 1, (realm, self, a) => Match(realm, This(self, "exec"), Operators.ToText(a.At(0))))
        .Getter("dotAll", (realm, self, _) => Flag(realm, self, 's'))
        .Getter("flags", FlagsText)
        .Getter("global", (realm, self, _) => Flag(realm, self, 'g'))
        .Getter("hasIndices", (realm, self, _) => Flag(realm, self, 'd'))
        .Getter("ignoreCase", (realm, self, _) => Flag(realm, self, 'i'))
        .Getter("multiline", (realm, self, _) => Flag(realm, self, 'm'))
        .Getter("source", (realm, self, _) => self.Reference is JsRegExp r ? EscapedSource(r.Source) : IsPrototype(realm, self) ? "(?:)" : throw NotARegExp("source"))
        .Getter("sticky", (realm, self, _) => Flag(realm, self, 'y'))
        .Method("test", 1, (realm, self, a) => !Exec(realm, Object(self, "test"), Operators.ToText(a.At(0))).IsNull)
        .Method("toString", 0, (_, self, _) =>
        {
            var o = Object(self, "toString");
            return $"/{Operators.ToText(o.Get("source"))}/{Operators.ToText(o.Get("flags"))}";
        })
        .Getter("unicode", (realm, self, _) => Flag(realm, self, 'u'))
        .Method("compile", 2, Compile)
        .Method(JsSymbol.Match, 1, MatchSymbol)
        .Method(JsSymbol.MatchAll, 1, MatchAllSymbol)
        .Method(JsSymbol.Replace, 2, ReplaceSymbol)
        .Method(JsSymbol.Search, 1, SearchSymbol)
        .Method(JsSymbol.Split, 2, SplitSymbol);

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate().Getter(JsSymbol.Species, (_, self, _) => self);

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "RegExp", 2,
        (r, _, a) =>
        {
            var pattern = a.At(0);
            if (IsRegExp(pattern) && a.At(1).IsUndefined && pattern.AsObject()!.Get("constructor") is var type && ReferenceEquals(type.Reference, r.Intrinsic(IntrinsicId.RegExp)))
                return pattern;
            return Construct(r, a, r.Intrinsic(IntrinsicId.RegExp));
        },
        Construct, Statics, r => r.Intrinsic(IntrinsicId.RegExpPrototype));

    public static JsRegExp Create(Realm realm, string pattern, string flags) =>
        Initialize(realm, new JsRegExp(realm.Intrinsic(IntrinsicId.RegExpPrototype)), pattern, flags);

    private static JsObject Construct(Realm realm, ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        var pattern = arguments.At(0);
        var flags = arguments.At(1);
        JsValue source;
        if (pattern.Reference is JsRegExp given)
        {
            source = given.Source;
            flags = flags.IsUndefined ? given.Flags : flags;
        }
        else if (IsRegExp(pattern))
        {
            source = pattern.AsObject()!.Get("source");
            flags = flags.IsUndefined ? pattern.AsObject()!.Get("flags") : flags;
        }
        else
        {
            source = pattern;
        }

        var made = new JsRegExp(realm.PrototypeFor(newTarget, IntrinsicId.RegExpPrototype));
        return Initialize(realm, made, source.IsUndefined ? "" : Operators.ToText(source), flags.IsUndefined ? "" : Operators.ToText(flags));
    }

    private static JsRegExp Initialize(Realm realm, JsRegExp regex, string pattern, string flags)
    {
        try
        {
            realm.Work(100 + (pattern.Length * 4L));
            RegExpCompiler.Get(pattern, flags, realm.Limits.RegexTimeout);
        }
        catch (Exception e) when (e is FormatException)
        {
            throw Errors.Syntax($"Invalid regular expression: /{Errors.Clip(pattern)}/{Errors.Clip(flags)}: {Errors.Clip(e.Message)}");
        }
        catch (NotSupportedException e)
        {
            throw Errors.Syntax(e.Message + " not supported here");
        }

        regex.Source = pattern;
        regex.Flags = string.Concat(flags.Order());
        return regex;
    }

    private static JsValue Compile(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var regex = This(self, "compile");
        var made = (JsRegExp)Construct(realm, arguments, realm.Intrinsic(IntrinsicId.RegExp));
        regex.Source = made.Source;
        regex.Flags = made.Flags;
        regex.SetOrThrow("lastIndex", 0);
        return regex;
    }

    public static string EscapedSource(string source)
    {
        if (source.Length == 0)
            return "(?:)";
        if (!source.AsSpan().ContainsAny("/\n\r\u2028\u2029"))
            return source;
        var text = new StringBuilder();
        var inClass = false;
        for (var i = 0; i < source.Length; i++)
        {
            var c = source[i];
            var escaped = c == '\\' && i + 1 < source.Length;
            if (escaped && source[i + 1] is not ('\n' or '\r'))
            {
                text.Append(c).Append(source[++i]);
                continue;
            }

            if (escaped)
                c = source[++i];
            inClass = c == '[' || (inClass && c != ']');
            text.Append(c switch
            {
                '/' when !inClass => "\\/",
                '\n' => "\\n",
                '\r' => "\\r",
                '\u2028' => "\\u2028",
                '\u2029' => "\\u2029",
                _ => c.ToString(),
            });
        }

        return text.ToString();
    }

    private static bool IsRegExp(JsValue value)
    {
        if (value.AsObject() is not { } o)
            return false;
        var matcher = o.Get(JsSymbol.Match);
        return matcher.IsUndefined ? o is JsRegExp : Operators.ToBoolean(matcher);
    }

    private static JsThrow NotARegExp(string method) => Errors.Type($"RegExp.prototype.{method} requires that 'this' be a RegExp object");

    private static JsRegExp This(JsValue self, string method) => self.Reference as JsRegExp ?? throw NotARegExp(method);

    private static JsObject Object(JsValue self, string method) => self.AsObject() ?? throw NotARegExp(method);

    private static bool IsPrototype(Realm realm, JsValue self) => ReferenceEquals(self.Reference, realm.Intrinsic(IntrinsicId.RegExpPrototype));

    private static JsValue Flag(Realm realm, JsValue self, char flag)
    {
        if (self.Reference is JsRegExp regex)
            return regex.Flags.Contains(flag);
        return IsPrototype(realm, self) ? default(JsValue) : throw NotARegExp("flag");
    }

    private static JsValue FlagsText(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Object(self, "flags");
        var text = new StringBuilder();
        foreach (var (name, flag) in new[] { ("hasIndices", 'd'), ("global", 'g'), ("ignoreCase", 'i'), ("multiline", 'm'), ("dotAll", 's'), ("unicode", 'u'), ("sticky", 'y') })
        {
            if (Operators.ToBoolean(o.Get(name)))
                text.Append(flag);
        }

        return text.ToString();
    }

    // ---- matching ----

    /// <summary>What <c>exec</c> gives, whoever wrote it.</summary>
    private static JsValue Exec(Realm realm, JsObject regex, string text)
    {
        var exec = regex.Get("exec");
        if (exec.AsFunction() is { } function && !(regex is JsRegExp && function is NativeFunction && ReferenceEquals(function, realm.PristineExec)))
        {
            var result = function.Call(regex, [text]);
            return result.IsObject || result.IsNull ? result : throw Errors.Type("The result of exec is neither an object nor null");
        }

        return Match(realm, regex as JsRegExp ?? throw NotARegExp("exec"), text);
    }

    private static JsValue Match(Realm realm, JsRegExp regex, string text)
    {
        var lastIndex = Operators.ToLength(regex.Get("lastIndex"));
        var keeps = regex.Flags.Contains('g') || regex.Flags.Contains('y');
        if (!keeps)
            lastIndex = 0;
        if (lastIndex > text.Length)
        {
            regex.SetOrThrow("lastIndex", 0);
            return JsValue.Null;
        }

        // Time is short when little of the whole is left.
        var timeout = realm.TimeLeft < realm.Limits.RegexTimeout ? TimeSpan.FromMilliseconds(Math.Min(50, realm.Limits.RegexTimeout.TotalMilliseconds)) : realm.Limits.RegexTimeout;
        var compiled = RegExpCompiler.Get(regex.Source, regex.Flags, timeout);
        realm.Step();
        realm.StringWork(text.Length);
        Match match;
        try
        {
            match = compiled.Regex.Match(text, StartOf(regex, text, (int)lastIndex));
        }
        catch (RegexMatchTimeoutException)
        {
            throw realm.LimitPassed($"A regular expression took longer than {realm.Limits.RegexTimeout.TotalMilliseconds:0} ms (RegexTimeout)");
        }

        if (!match.Success)
        {
            if (keeps)
                regex.SetOrThrow("lastIndex", 0);
            return JsValue.Null;
        }

        if (keeps)
            regex.SetOrThrow("lastIndex", match.Index + match.Length);
        return MakeResult(realm, regex, compiled, match, text);
    }

    /// <summary>With the u flag a match never begins inside a pair.</summary>
    private static int StartOf(JsRegExp regex, string text, int index) =>
        regex.Flags.Contains('u') && index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) && char.IsHighSurrogate(text[index - 1]) ? index - 1 : index;

    private static JsArray MakeResult(Realm realm, JsRegExp regex, CompiledRegExp compiled, Match match, string text)
    {
        var items = new JsValue[compiled.GroupCount + 1];
        items[0] = match.Value;
        for (var i = 1; i < items.Length; i++)
        {
            var group = match.Groups[i];
            items[i] = group.Success ? group.Value : default(JsValue);
        }

        realm.StringWork(match.Length);
        var result = realm.NewArray(items);
        result.AddNew("index", match.Index, PropertyFlags.All);
        result.AddNew("input", text, PropertyFlags.All);
        result.AddNew("groups", Named(compiled, i => items[i]), PropertyFlags.All);
        if (!regex.Flags.Contains('d'))
            return result;
        var pairs = new JsValue[items.Length];
        for (var i = 0; i < pairs.Length; i++)
        {
            var group = match.Groups[i];
            pairs[i] = group.Success ? realm.NewArray([group.Index, group.Index + group.Length]) : default(JsValue);
        }

        var indices = realm.NewArray(pairs);
        indices.AddNew("groups", Named(compiled, i => pairs[i]), PropertyFlags.All);
        result.AddNew("indices", indices, PropertyFlags.All);
        return result;
    }

    private static JsValue Named(CompiledRegExp compiled, Func<int, JsValue> value)
    {
        if (compiled.Names.Count == 0)
            return default;
        var groups = new JsObject(prototype: null);
        foreach (var (name, index) in compiled.Names)
            groups.AddNew(name, value(index), PropertyFlags.All);
        return groups;
    }
}
