using System.Buffers;
using System.Globalization;
using System.Text;

namespace Automation.Steps.Http;

/// <summary>
/// Finds a secret in what another program wrote, who may have escaped it for JSON, a URL or HTML, in part or twice, or
/// written it as base64 or hex. The fewest characters of it decide, so each is compared by itself and in all its spellings.
/// </summary>
internal sealed class SecretFinder
{
    // Shorter pieces of base64 are found in texts that have nothing to do with the secret.
    private const int ShortestCore = 8;

    // How often a letter of a form is compared for each byte of a text: far more than it takes, unless a text and a secret of
    // many backslashes were made for each other.
    private const int StepsPerByte = 8;
    private const int StepsForAny = 1_000_000;

    // What it costs to look at one of several readings, and to keep that it led nowhere.
    private const int StepsPerReading = 20;

    // A backslash that is escaped four times over has 15 more before it.
    private const int MostSlashes = 16;

    // A text with none of these escapes nothing.
    private static readonly SearchValues<byte> Escapes = SearchValues.Create("\\%&+"u8);

    private readonly Pattern[] _patterns;

    public SecretFinder(IEnumerable<string> secrets) =>
        _patterns = [.. secrets.SelectMany(Forms).Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length).Select(form => new Pattern(form))];

    public bool IsEmpty => _patterns.Length == 0;

    /// <summary>
    /// The text with each secret replaced; the same array where there is none in it. What could not be searched within
    /// bounds is left out altogether, which its place says.
    /// </summary>
    public byte[] Replace(byte[] text, ReadOnlySpan<byte> by)
    {
        var mayEscape = text.AsSpan().ContainsAny(Escapes);
        foreach (var pattern in _patterns)
        {
            var search = new Search { Steps = StepsForAny + ((long)StepsPerByte * text.Length) };
            var (at, length) = pattern.Find(text, mayEscape, search);
            if (search.Steps < 0)
                return LeftOut;
            if (at < 0)
                continue;
            var written = new ArrayBufferWriter<byte>(text.Length);
            var rest = text.AsSpan();
            for (; at >= 0; (at, length) = pattern.Find(rest, mayEscape, search))
            {
                written.Write(rest[..at]);
                written.Write(by);
                rest = rest[(at + length)..];
            }

            if (search.Steps < 0)
                return LeftOut;
            written.Write(rest);
            text = written.WrittenSpan.ToArray();
        }

        return text;
    }

    private static byte[] LeftOut => [.. "*** (left out: this could not be searched for secrets within bounds)"u8];

    private static IEnumerable<string> Forms(string secret)
    {
        // Who reads it from a header or a file gets it without the spaces around it.
        if (secret.Trim() is { Length: >= SecretMask.Shortest } trimmed)
            secret = trimmed;
        yield return secret;
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return Convert.ToHexString(bytes);
        yield return Convert.ToHexStringLower(bytes);
        yield return Convert.ToBase64String(bytes);
        yield return Convert.ToBase64String(bytes).TrimEnd('=');
        yield return Url(Convert.ToBase64String(bytes).TrimEnd('='));

        // Inside something larger that is written as base64 the secret begins at one of three places of a group; what depends on its neighbours is left out.
        for (var before = 0; before < 3; before++)
        {
            var encoded = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var first = before == 0 ? 0 : before + 1;
            var core = encoded[first..((before + bytes.Length) * 8 / 6)];
            if (core.Length < ShortestCore)
                continue;
            yield return core;
            yield return Url(core);
        }

        static string Url(string base64) => base64.Replace('+', '-').Replace('/', '_');
    }

    /// <summary>What a search may still cost, and where it has already led nowhere.</summary>
    private sealed class Search
    {
        public long Steps { get; set; }

        public HashSet<(int At, int Index)> Failed { get; } = [];
    }

    private sealed class Pattern
    {
        private readonly byte[] _plain;
        private readonly (Rune Rune, byte[] Bytes)[] _runes;
        private readonly SearchValues<byte> _beginnings;

        public Pattern(string text)
        {
            _plain = Encoding.UTF8.GetBytes(text);
            _runes = [.. text.EnumerateRunes().Select(rune => (rune, Encoding.UTF8.GetBytes(rune.ToString())))];
            _beginnings = SearchValues.Create(_plain[0] == ' ' ? [.. "\\%&+"u8, _plain[0]] : [.. "\\%&"u8, _plain[0]]);
        }

        public (int At, int Length) Find(ReadOnlySpan<byte> text, bool mayEscape, Search search)
        {
            if (!mayEscape)
                return (text.IndexOf(_plain), _plain.Length);
            for (var at = 0; ; at++)
            {
                var next = text[at..].IndexOfAny(_beginnings);
                if (next < 0 || search.Steps < 0)
                    return (-1, 0);
                at += next;
                if (search.Failed.Count > 0)
                    search.Failed.Clear();
                if (End(text, at, 0, search) is var end and >= 0)
                    return (at, end - at);
            }
        }

        /// <summary>Where the rest of the secret ends, which begins there; -1 where it does not stand there.</summary>
        private int End(ReadOnlySpan<byte> text, int at, int index, Search search)
        {
            for (; index < _runes.Length; index++)
            {
                if (at >= text.Length || --search.Steps < 0)
                    return -1;
                var (rune, bytes) = _runes[index];
                var plain = text[at..].StartsWith(bytes);
                var escaped = Escaped(text[at..], rune, bytes);
                if (!plain && escaped == 0)
                    return -1;
                // Four backslashes may be two that are escaped, or one that is escaped twice.
                for (var length = plain ? escaped : 0; length > 1; length = rune.Value == '\\' ? length / 2 : 0)
                {
                    var next = (at + length, index + 1);
                    search.Steps -= StepsPerReading;
                    if (search.Failed.Contains(next))
                        continue;
                    if (End(text, at + length, index + 1, search) is var end and >= 0)
                        return end;
                    search.Failed.Add(next);
                }

                at += plain ? bytes.Length : escaped;
            }

            return at;
        }

        /// <summary>How long the escaped character is that stands there; 0 where it is not this one.</summary>
        private static int Escaped(ReadOnlySpan<byte> text, Rune rune, byte[] bytes) => text[0] switch
        {
            (byte)'%' => Percent(text, bytes),
            (byte)'\\' => Backslash(text, rune),
            (byte)'&' => Entity(text, rune),
            (byte)'+' => rune.Value == ' ' ? 1 : 0,
            _ => 0,
        };

        private static int Percent(ReadOnlySpan<byte> text, byte[] bytes)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                if (text.Length < 3 * i + 3 || text[3 * i] != '%' || !byte.TryParse(text.Slice(3 * i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code != bytes[i])
                    return 0;
            }

            return 3 * bytes.Length;
        }

        private static int Backslash(ReadOnlySpan<byte> text, Rune rune)
        {
            // JSON inside JSON doubles the backslashes.
            var near = text[..Math.Min(text.Length, MostSlashes + 1)];
            var slashes = near.IndexOfAnyExcept((byte)'\\') is var n and >= 0 ? n : near.Length;
            if (slashes > MostSlashes && rune.Value != '\\')
                return 0;
            if (rune.Value == '\\')
                return slashes >= 4 ? 4 : slashes >= 2 ? 2 : 0;
            var rest = text[slashes..];
            if (rest.Length == 0)
                return 0;
            if (rest[0] == 'u')
            {
                // What is beyond the first plane is written as two units, each with its own backslashes.
                Span<char> units = stackalloc char[2];
                var length = 0;
                foreach (var unit in units[..rune.EncodeToUtf16(units)])
                {
                    var one = text[length..];
                    if (one.Length < slashes + 5 || one[..slashes].IndexOfAnyExcept((byte)'\\') >= 0 || one[slashes] != 'u'
                        || !ushort.TryParse(one.Slice(slashes + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code != unit)
                    {
                        return 0;
                    }

                    length += slashes + 5;
                }

                return length;
            }

            var wanted = rune.Value switch { '\n' => 'n', '\r' => 'r', '\t' => 't', '\b' => 'b', '\f' => 'f', '"' or '\'' or '/' => rune.Value, _ => -1 };
            return rest[0] == wanted ? slashes + 1 : 0;
        }

        private static int Entity(ReadOnlySpan<byte> text, Rune rune)
        {
            var end = text[..Math.Min(text.Length, 10)].IndexOf((byte)';');
            if (end < 2)
                return 0;
            var name = text[1..end];
            if (name[0] != '#')
            {
                var known = rune.Value switch { '&' => "amp"u8, '<' => "lt"u8, '>' => "gt"u8, '"' => "quot"u8, '\'' => "apos"u8, _ => default };
                return known.Length > 0 && name.SequenceEqual(known) ? end + 1 : 0;
            }

            var isHex = name.Length > 1 && name[1] is (byte)'x' or (byte)'X';
            var digits = isHex ? name[2..] : name[1..];
            return int.TryParse(digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code == rune.Value ? end + 1 : 0;
        }
    }
}
