namespace Automation.Host.Start;

/// <summary>
/// The directory that relative paths in the configuration mean: that of <c>appsettings.json</c>, whether the server is
/// started from a clone, from another directory, or from a published folder.
/// </summary>
internal static class ContentRoot
{
    public static string Find(string currentDirectory, string programDirectory)
    {
        if (File.Exists(Path.Combine(currentDirectory, "appsettings.json")))
            return currentDirectory;

        // In a clone the program lies some levels below the one appsettings.json; a copy of that file beside the
        // program serves a published folder.
        for (var directory = Directory.GetParent(programDirectory.TrimEnd(Path.DirectorySeparatorChar)); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Automation.sln")) && File.Exists(Path.Combine(directory.FullName, "appsettings.json")))
                return directory.FullName;
        }

        return programDirectory;
    }
}
