using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SQLitePCL.Tests.Support;

/// <summary>
/// Reaches the members of the data provider whose signatures name the binding's types. The compiler takes those for
/// types of the signed package, which this binding is not; the runtime knows better.
/// </summary>
internal static class DataProviderHandles
{
    extension(SqliteConnection connection)
    {
        /// <summary>The open connection's native handle; null while it is closed.</summary>
        public sqlite3? NativeHandle => HandleOf(connection);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern sqlite3? HandleOf(SqliteConnection connection);
}
