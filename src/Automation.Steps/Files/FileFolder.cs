using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Files;

/// <summary>A file step's input is not valid; the message says what is allowed.</summary>
public sealed class FileStepException : Exception
{
    internal FileStepException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>Finds files below the configured folder, and none outside of it.</summary>
internal sealed partial class FileFolder(IOptions<FilesOptions> options)
{
    private readonly string _root = Path.GetFullPath(options.Value.Directory);

    /// <summary>The full path of a file that a workflow names.</summary>
    /// <exception cref="FileStepException">The path leads elsewhere, or is none.</exception>
    public string Resolve(string path)
    {
        // Names are held to plain characters, so that no system finds a device, a stream or a way up in them.
        if (!Allowed().IsMatch(path) || Reserved().IsMatch(path))
            throw new FileStepException($"Path is \"{(path.Length > 200 ? path[..200] : path)}\". Allowed are up to 8 names with slashes between them, each of letters, digits, spaces, hyphens, underscores and dots, and beginning with a letter, a digit or an underscore.");
        var full = Path.Combine(_root, Path.Combine(path.Split('/')));
        CheckLinks(full);
        return full;
    }

    /// <summary>Refuses what goes through a link: it may lead out of the folder.</summary>
    public void CheckLinks(string full)
    {
        for (var part = full; part.Length > _root.Length; part = Path.GetDirectoryName(part)!)
        {
            FileSystemInfo info = Directory.Exists(part) ? new DirectoryInfo(part) : new FileInfo(part);
            if (info.LinkTarget is not null)
                throw new FileStepException($"\"{Path.GetRelativePath(_root, part)}\" is a link; links are not followed.");
            if (part == full && info is DirectoryInfo)
                throw new FileStepException($"\"{Path.GetRelativePath(_root, part)}\" is a folder.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9 ._\-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9 ._\-]{0,99}){0,7}\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Allowed();

    [GeneratedRegex(@"(\A|/)(CON|PRN|AUX|NUL|COM\d|LPT\d)(\.|/|\z)|[ .](/|\z)", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Reserved();
}
