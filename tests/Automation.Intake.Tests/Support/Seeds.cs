using System.Text.RegularExpressions;

namespace Automation.Intake.Tests.Support;

/// <summary>The JSON payloads printed in the senders' own documents, which lie beside the repository where it is developed.</summary>
internal static partial class Seeds
{
    public static string? Directory { get; } = Find();

    /// <summary>
    /// The payloads of a document, as printed; where a block has comments or ellipses, after those are removed. Blocks are
    /// found by their braces, and told from code by the property that every payload of the sender has.
    /// </summary>
    public static IReadOnlyList<string> Payloads(string document, string property)
    {
        Assert.SkipWhen(Directory is null, "the senders' documents (../shared/seeds) are not here");
        var text = File.ReadAllText(Path.Combine(Directory!, document + ".txt"));
        var payloads = new List<string>();
        for (var at = 0; (at = NextBlock(text, at)) >= 0;)
        {
            var end = BlockEnd(text, at);
            var block = text[at..end];
            if (block.Contains($"\"{property}\":", StringComparison.Ordinal) && block.Contains('\n', StringComparison.Ordinal))
                payloads.Add(Complete(block));
            at = end;
        }

        return payloads;
    }

    /// <summary>Removes <c>//</c> comments and <c>...</c>, and the comma that they leave before a closing brace.</summary>
    private static string Complete(string block)
    {
        var stripped = Comment().Replace(block, "$1");
        stripped = Ellipsis().Replace(stripped, "");
        return stripped == block ? block : DanglingComma().Replace(stripped, "$1");
    }

    private static int NextBlock(string text, int from)
    {
        // A payload begins a line with a brace that is followed by a property.
        var match = BlockStart().Match(text, from);
        return match.Success ? match.Index : -1;
    }

    private static int BlockEnd(string text, int start)
    {
        var depth = 0;
        var inString = false;
        for (var i = start; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"' when text[i - 1] != '\\':
                    inString = !inString;
                    break;
                case '{' when !inString:
                    depth++;
                    break;
                case '}' when !inString && --depth == 0:
                    return i + 1;
            }
        }

        return text.Length;
    }

    private static string? Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var seeds = Path.Combine(directory.FullName, "shared", "seeds");
            if (System.IO.Directory.Exists(seeds))
                return seeds;
        }

        return null;
    }

    [GeneratedRegex(@"^\{(?=\s*"")", RegexOptions.Multiline)]
    private static partial Regex BlockStart();

    [GeneratedRegex("""^((?:[^"/\n]|"[^"\n]*")*)//.*$""", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^\s*\.\.\.\s*$", RegexOptions.Multiline)]
    private static partial Regex Ellipsis();

    [GeneratedRegex(@",(\s*\})")]
    private static partial Regex DanglingComma();
}
