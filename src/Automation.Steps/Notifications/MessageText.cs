using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Automation.Steps.Notifications;

/// <summary>Makes a text fit what a channel takes, and says so where it was too long.</summary>
/// <param name="most">Most characters that the channel takes.</param>
internal sealed partial class MessageText(int most)
{
    /// <summary>What was left out; null where nothing was.</summary>
    public string? Note { get; private set; }

    /// <summary>Whether a text goes out whole.</summary>
    public bool Fits(string text, string? link) => text.Length + Rest(link).Length <= most;

    /// <summary>The text with its link below it. What is too long loses its end, not the link, which leads to the rest.</summary>
    public string Fit(string text, string? link)
    {
        var rest = Rest(link);
        if (text.Length + rest.Length <= most)
            return text + rest;
        Note = string.Create(CultureInfo.InvariantCulture, $"The {(rest.Length < most ? "text was cut" : "link was left out")}: the channel takes {most} characters.");
        if (rest.Length >= most)
            rest = "";
        if (text.Length + rest.Length <= most)
            return text + rest;
        var end = most - rest.Length - 1;
        if (end > 0 && char.IsHighSurrogate(text[end - 1]))
            end--;
        return text[..end] + "…" + rest;
    }

    /// <summary>What an HTML text says.</summary>
    public static string WithoutMarkup(string html) => WebUtility.HtmlDecode(Tags().Replace(html, ""));

    private static string Rest(string? link) => string.IsNullOrEmpty(link) ? "" : "\n" + link;

    [GeneratedRegex("</?[A-Za-z][^<>]*>", RegexOptions.NonBacktracking)]
    private static partial Regex Tags();
}
