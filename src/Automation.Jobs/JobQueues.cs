namespace Automation.Jobs;

/// <summary>Names of queues.</summary>
internal static class JobQueues
{
    public const string Default = "default";

    /// <summary>Gives the name back, or says what is wrong with it.</summary>
    public static string Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is > 0 and <= 50 && name.AsSpan().IndexOfAnyExcept(Allowed) < 0)
            return name;
        throw new ArgumentException($"\"{name}\" is not a queue name: 1 to 50 of a-z, 0-9, \"_\" and \"-\".", nameof(name));
    }

    private static readonly System.Buffers.SearchValues<char> Allowed = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-");
}
