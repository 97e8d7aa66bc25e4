using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Automation.Expressions.JavaScript;

namespace Automation.Expressions.Tests.JavaScript;

/// <summary>
/// Runs the cases of test262 that use only what is supported, when they are there: in the folder that the environment variable TEST262
/// names, or in <c>../shared/test262</c> beside the repository. CONFORMANCE_FAILURES names a file to write the failures to.
/// </summary>
public sealed partial class ConformanceTests
{
    private static readonly string[] Folders =
    [
        "language/expressions", "language/statements", "language/literals", "language/block-scope", "language/asi", "language/comments", "language/identifiers",
        "built-ins/Array", "built-ins/String", "built-ins/Object", "built-ins/Number", "built-ins/Boolean", "built-ins/Math", "built-ins/JSON", "built-ins/RegExp",
        "built-ins/Map", "built-ins/Set", "built-ins/Date", "built-ins/Error", "built-ins/parseInt", "built-ins/parseFloat",
    ];

    /// <summary>Features that are left out, or that came after ES2023.</summary>
    private static readonly HashSet<string> LeftOut =
    [
        "Proxy", "Reflect", "Reflect.construct", "Reflect.set", "Reflect.setPrototypeOf", "generators", "async-iteration", "TypedArray", "ArrayBuffer", "SharedArrayBuffer", "DataView",
        "Atomics", "WeakRef", "FinalizationRegistry", "Temporal", "dynamic-import", "import.meta", "top-level-await", "import-assertions", "import-attributes", "json-modules",
        "regexp-v-flag", "regexp-unicode-property-escapes", "regexp-modifiers", "regexp-duplicate-named-groups", "tail-call-optimization", "cross-realm", "IsHTMLDDA",
        "resizable-arraybuffer", "decorators", "iterator-helpers", "set-methods", "Array.fromAsync", "explicit-resource-management", "Float16Array", "Float32Array", "Float64Array",
        "Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Int32Array", "Uint32Array", "Uint8ClampedArray", "ShadowRealm", "source-phase-imports", "import-defer",
        "json-parse-with-source", "Math.sumPrecise", "RegExp.escape", "promise-try", "Error.isError", "iterator-sequencing", "legacy-regexp", "arraybuffer-transfer",
        "symbols-as-weakmap-keys", "caller", "uint8array-base64", "upsert", "immutable-arraybuffer", "stable-typedarray-sort", "joint-iteration", "error-stack-accessor",
        "align-detached-buffer-semantics-with-web-reality",
    ];

    private static readonly string[] LeftOutIncludes =
    [
        "testTypedArray.js", "detachArrayBuffer.js", "nativeFunctionMatcher.js", "wellKnownIntrinsicObjects.js", "isConstructor.js", "fnGlobalObject.js", "proxyTrapsHelper.js",
        "testBigIntTypedArray.js", "resizableArrayBufferUtils.js", "hidden-constructors.js", "sm/non262.js",
    ];

    private static readonly ExpressionLimits Limits = ExpressionLimits.Default with { Timeout = TimeSpan.FromSeconds(5), MaxSteps = 3_000_000, MaxSourceLength = 1_000_000 };

    private readonly ConcurrentDictionary<string, string> _harness = new();

    [GeneratedRegex(@"/\*---(.*?)---\*/", RegexOptions.Singleline, 10000)]
    private static partial Regex Frontmatter();

    /// <summary>Uses of what is left out that the features of a case do not always tell.</summary>
    [GeneratedRegex(@"\b(eval|Function|Proxy|Reflect|ArrayBuffer|DataView|Float\d+Array|Uint\d+\w*Array|Int\d+Array|\$262|WeakRef|Temporal|Atomics|TypedArray|testWithTypedArrayConstructors)\s*[\(\.,;\)]|function\s*\*|\*\s*\[|yield\b|\bwith\s*\(|import\s*\(|\basync\s*\*|\*\s*\w+\s*\(\)\s*\{|createRealm|new Function", RegexOptions.None, 10000)]
    private static partial Regex UsesLeftOut();

    [Fact]
    public void At_least_95_percent_of_test262_in_the_named_folders_pass()
    {
        var root = Root();
        Assert.SkipWhen(root is null, "test262 is not there: set TEST262 to a checkout of it.");
        var tallies = Folders.Select(folder => new Tally(folder)).ToArray();
        var failures = new ConcurrentBag<string>();
        var files = tallies.SelectMany(tally => Directory.EnumerateFiles(Path.Combine(root!, "test", tally.Folder), "*.js", SearchOption.AllDirectories).Select(file => (tally, file)))
            .Where(f => !f.file.EndsWith("_FIXTURE.js", StringComparison.Ordinal));
        Parallel.ForEach(files, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, pair =>
        {
            var (tally, file) = pair;
            var found = ConformanceCase.Read(File.ReadAllText(file));
            if (found.Features.Exists(LeftOut.Contains) || found.Flags.Contains("module") || found.Includes.Exists(i => LeftOutIncludes.Contains(i)) || UsesLeftOut().IsMatch(found.Body))
            {
                Interlocked.Increment(ref tally.Skipped);
                return;
            }

            if (!TryRun(root!, found, out var problem))
            {
                Interlocked.Increment(ref tally.Skipped);
            }
            else if (problem is null)
            {
                Interlocked.Increment(ref tally.Passed);
            }
            else
            {
                Interlocked.Increment(ref tally.Failed);
                failures.Add($"{Path.GetRelativePath(root!, file)}\t{problem}");
            }
        });

        if (Environment.GetEnvironmentVariable("CONFORMANCE_FAILURES") is { Length: > 0 } target)
            File.WriteAllLines(target, failures.Order(StringComparer.Ordinal));
        var passed = tallies.Sum(t => t.Passed);
        var rate = 100.0 * passed / (passed + failures.Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"{passed} passed, {failures.Count} failed, {tallies.Sum(t => t.Skipped)} skipped: {rate:0.00} %");
        foreach (var t in tallies)
            TestContext.Current.TestOutputHelper?.WriteLine($"| {t.Folder} | {t.Passed} | {t.Failed} | {t.Skipped} | {100.0 * t.Passed / Math.Max(1, t.Passed + t.Failed):0.0} % |");
        Assert.True(rate >= 95, $"{rate:0.00} %");
    }

    /// <summary>What became of the cases of one folder.</summary>
    private sealed class Tally(string folder)
    {
        public int Passed;
        public int Failed;
        public int Skipped;

        public string Folder { get; } = folder;
    }

    private static string? Root([CallerFilePath] string path = "")
    {
        var beside = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../../../shared/test262"));
        return new[] { Environment.GetEnvironmentVariable("TEST262"), beside }.FirstOrDefault(p => p is { Length: > 0 } && Directory.Exists(Path.Combine(p, "harness")));
    }

    /// <summary>False if the case turned out to use what is left out.</summary>
    private bool TryRun(string root, ConformanceCase found, out string? problem)
    {
        problem = null;
        var prefix = found.Flags.Contains("raw") || found.NegativePhase == "parse" ? "" : string.Concat(
            new[] { "assert.js", "sta.js" }.Concat(found.Flags.Contains("async") ? ["doneprintHandle.js"] : []).Concat(found.Includes).Select(i => Harness(root, i)))
            + (found.Flags.Contains("async") ? "globalThis.$DONE = $DONE;\n" : "");
        bool[] modes = found.Flags.Contains("raw") || found.Flags.Contains("noStrict") ? [false] : found.Flags.Contains("onlyStrict") ? [true] : [false, true];
        foreach (var strict in modes)
        {
            var source = (strict ? "\"use strict\";\n" : "") + prefix + found.Body;
            try
            {
                problem ??= RunOne(source, found);
            }
            catch (ExpressionException e) when (e.Kind == ExpressionErrorKind.NotSupported)
            {
                return false;
            }
        }

        return true;
    }

    private static string? RunOne(string source, ConformanceCase found)
    {
        CompiledScript script;
        try
        {
            script = new JavaScriptCompiler(Limits, TimeProvider.System, TimeZoneInfo.Utc).CompileNew(source, scriptGoal: true);
        }
        catch (ExpressionException e) when (e.Kind != ExpressionErrorKind.NotSupported)
        {
            return found.NegativeType == "SyntaxError" && e.Kind == ExpressionErrorKind.Syntax ? null : "when compiling: " + e.Message;
        }

        if (found.NegativePhase == "parse")
            return "a syntax error was expected";
        string? output = null;
        try
        {
            script.Evaluate(new ScriptScope().SetFunction("print", a =>
            {
                output = a[0]?.ToString();
                return null;
            }));
        }
        catch (ExpressionException e)
        {
            return found.NegativeType is { } type && e.Message.Contains(type, StringComparison.Ordinal) ? null : e.Message;
        }

        if (found.NegativeType is not null)
            return found.NegativeType + " was expected";
        return found.Flags.Contains("async") && output != "Test262:AsyncTestComplete" ? output ?? "not completed" : null;
    }

    private string Harness(string root, string name) => _harness.GetOrAdd(name, n => File.ReadAllText(Path.Combine(root, "harness", n)) + "\n");

    private sealed record ConformanceCase(string Body, List<string> Features, List<string> Flags, List<string> Includes, string? NegativePhase, string? NegativeType)
    {
        public static ConformanceCase Read(string text)
        {
            var match = Frontmatter().Match(text);
            var lines = match.Groups[1].Value.ReplaceLineEndings("\n").Split('\n');
            return new ConformanceCase(
                match.Success ? text.Remove(match.Index, match.Length) : text,
                ListOf(lines, "features"), ListOf(lines, "flags"), ListOf(lines, "includes"), ValueOf(lines, "phase"), Array.Exists(lines, l => l.StartsWith("negative:", StringComparison.Ordinal)) ? ValueOf(lines, "type") : null);
        }

        private static string? ValueOf(string[] lines, string key) =>
            Array.Find(lines, l => l.TrimStart().StartsWith(key + ":", StringComparison.Ordinal))?.Split(':')[1].Trim();

        private static List<string> ListOf(string[] lines, string key)
        {
            var at = Array.FindIndex(lines, l => l.StartsWith(key + ":", StringComparison.Ordinal));
            if (at < 0)
                return [];
            var rest = lines[at][(key.Length + 1)..].Trim();
            var items = new List<string>();
            for (var i = at; rest.StartsWith('[') && !rest.Contains(']') && i + 1 < lines.Length;)
                rest += lines[++i].Trim();
            if (rest.Length > 0)
                return [.. rest.Trim('[', ']').Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
            for (var i = at + 1; i < lines.Length && lines[i].TrimStart().StartsWith('-'); i++)
                items.Add(lines[i].Trim(' ', '-'));
            return items;
        }
    }
}
