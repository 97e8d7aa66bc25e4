using System.Runtime.CompilerServices;

namespace Automation.Expressions.Tests.JavaScript;

/// <summary>
/// One case of a file in <c>Cases</c>: lines that begin with <c>&gt;</c> are the source, then <c>=</c> and the result as JSON,
/// or <c>!</c> and the kind of error with a part of its message. Lines that begin with <c>#</c> are headings.
/// </summary>
public sealed record Case(string File, int Line, string Source, string Expected, bool IsError)
{
    public override string ToString() => $"{File}:{Line}";
}

internal static class CaseFile
{
    public static IEnumerable<Case> ReadAll()
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Folder(), "Cases"), "*.txt").Order(StringComparer.Ordinal))
        {
            foreach (var found in Read(path))
                yield return found;
        }
    }

    private static IEnumerable<Case> Read(string path)
    {
        var source = new List<string>();
        var start = 0;
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.StartsWith('>'))
            {
                if (source.Count == 0)
                    start = number;
                source.Add(line.Length > 2 ? line[2..] : "");
            }
            else if (line.StartsWith("= ", StringComparison.Ordinal) || line.StartsWith("! ", StringComparison.Ordinal))
            {
                yield return new Case(Path.GetFileNameWithoutExtension(path), start, string.Join('\n', source), line[2..], line[0] == '!');
                source.Clear();
            }
        }

        if (source.Count > 0)
            throw new InvalidDataException($"{path}:{start}: a case without a result");
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
