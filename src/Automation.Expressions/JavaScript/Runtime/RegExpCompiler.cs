using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A regular expression of the language as .NET understands it. Group n of the one is group n of the other.</summary>
internal sealed record CompiledRegExp(Regex Regex, int GroupCount, IReadOnlyDictionary<string, int> Names);

/// <summary>Translates regular expressions, and remembers those it has translated.</summary>
internal static class RegExpCompiler
{
    private const int CacheCapacity = 500;
    private const int LongestPattern = 64 * 1024;

    private static readonly ConcurrentDictionary<(string Pattern, string Flags, TimeSpan Timeout), CompiledRegExp> Cache = new();

    /// <summary>Throws where the pattern or flags are wrong.</summary>
    /// <exception cref="FormatException">The pattern or flags are not valid.</exception>
    /// <exception cref="NotSupportedException">The pattern uses what is left out.</exception>
    public static void Check(string pattern, string flags) => Get(pattern, flags, TimeSpan.FromMilliseconds(250));

    public static CompiledRegExp Get(string pattern, string flags, TimeSpan timeout)
    {
        if (Cache.TryGetValue((pattern, flags, timeout), out var known))
            return known;
        var made = Make(pattern, flags, timeout);
        if (Cache.Count >= CacheCapacity)
            Cache.Clear();
        Cache[(pattern, flags, timeout)] = made;
        return made;
    }

    private static CompiledRegExp Make(string pattern, string flags, TimeSpan timeout)
    {
        for (var i = 0; i < flags.Length; i++)
        {
            if (flags[i] == 'v')
                throw new NotSupportedException("The regular expression flag v is");
            if (!"dgimsuy".Contains(flags[i], StringComparison.Ordinal) || flags.IndexOf(flags[i], i + 1) >= 0)
                throw new FormatException($"Invalid flags '{flags}'");
        }

        if (pattern.Length > LongestPattern)
            throw new FormatException("The pattern is too long");
        var translator = new RegExpTranslator(pattern, flags);
        var translated = translator.Translate();
        var options = RegexOptions.CultureInvariant | (flags.Contains('i') ? RegexOptions.IgnoreCase : RegexOptions.None);
        try
        {
            return new CompiledRegExp(new Regex(translated, options, timeout), translator.GroupCount, translator.Names);
        }
        catch (ArgumentException e)
        {
            throw new FormatException("The pattern cannot be used: " + e.Message, e);
        }
    }
}
