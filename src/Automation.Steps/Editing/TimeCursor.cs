using System.Globalization;
using Automation.Storage.Writes;

namespace Automation.Steps.Editing;

/// <summary>
/// Where a page of a list that is sorted by time ended: the time and, as several may have come at the same moment, the id.
/// </summary>
public static class TimeCursor
{
    /// <summary>The place of the newest.</summary>
    public static (long At, string Id) Newest => (long.MaxValue, "");

    /// <summary>The place behind an item.</summary>
    /// <param name="at">Its time.</param>
    /// <param name="id">Its id.</param>
    public static string Of(DateTimeOffset at, string id) => string.Create(CultureInfo.InvariantCulture, $"{SqlValue.ToMicros(at)}-{id}");

    /// <summary>Reads a place; a time alone is one too. Null or empty is the newest.</summary>
    /// <returns>Null where the text is no place.</returns>
    public static (long At, string Id)? Read(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return Newest;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0 && long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var micros) && micros > 9999)
            return (micros, text[(dash + 1)..]);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? (SqlValue.ToMicros(time), "") : null;
    }
}
