using System.Globalization;

namespace Automation.Workflows.Management;

/// <summary>Which versions of a definition are meant.</summary>
public enum VersionSelection
{
    /// <summary>Every version.</summary>
    AllVersions,

    /// <summary>The newest version, where it is not published.</summary>
    Draft,

    /// <summary>The newest version.</summary>
    Latest,

    /// <summary>The version in force.</summary>
    Published,

    /// <summary>The newest version and the one in force.</summary>
    LatestOrPublished,

    /// <summary>The newest version, where it is also the one in force.</summary>
    LatestAndPublished,

    /// <summary>One version, by number.</summary>
    Specific,
}

/// <summary>Which versions of a definition are meant, as Elsa's API writes it: a name, or a version number.</summary>
/// <param name="Selection">The kind of choice.</param>
/// <param name="Number">The version number for <see cref="VersionSelection.Specific"/>.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct VersionOptions(VersionSelection Selection, int Number = 0)
{
    /// <summary>Every version.</summary>
    public static VersionOptions All => new(VersionSelection.AllVersions);

    /// <summary>The newest version.</summary>
    public static VersionOptions Latest => new(VersionSelection.Latest);

    /// <summary>The version in force.</summary>
    public static VersionOptions Published => new(VersionSelection.Published);

    /// <summary>One version, by number.</summary>
    public static VersionOptions Specific(int number) => new(VersionSelection.Specific, number);

    /// <summary>Reads a choice such as <c>Latest</c>, <c>published</c> or <c>3</c>; empty text gives <paramref name="whenEmpty"/>.</summary>
    /// <returns>False where the text is neither a name nor a positive number.</returns>
    public static bool TryParse(string? text, VersionOptions whenEmpty, out VersionOptions options)
    {
        options = whenEmpty;
        if (string.IsNullOrWhiteSpace(text))
            return true;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            options = Specific(number);
            return number > 0;
        }

        if (!Enum.TryParse<VersionSelection>(text, ignoreCase: true, out var selection) || selection == VersionSelection.Specific)
            return false;
        options = new VersionOptions(selection);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Selection == VersionSelection.Specific ? Number.ToString(CultureInfo.InvariantCulture) : Selection.ToString();
}
