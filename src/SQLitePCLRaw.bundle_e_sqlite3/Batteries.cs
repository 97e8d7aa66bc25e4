namespace SQLitePCL;

/// <summary>The entry point that <c>Microsoft.Data.Sqlite</c> looks for by reflection before its first call.</summary>
public static class Batteries_V2
{
    /// <summary>
    /// Does nothing: the binding finds the system's SQLite at the first call, and opening a database refuses one that is
    /// too old. (Refusing here would bury the message in a failed type initializer.)
    /// </summary>
    public static void Init()
    {
    }
}
